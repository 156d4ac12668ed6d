"""MkDocs' side: the plugin, building, serving, and what may be published."""
