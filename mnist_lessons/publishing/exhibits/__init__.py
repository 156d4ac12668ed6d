"""Blocks for the places of pages, made of all runs: tables, mistakes, the page to draw on."""
