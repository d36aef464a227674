"""What the reader of XML files looks for: hidden text, drawn lines, placed shapes, cells that draw letters."""
