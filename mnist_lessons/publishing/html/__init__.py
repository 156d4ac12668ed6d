"""How HTML is made: templates, and curves as SVG."""
