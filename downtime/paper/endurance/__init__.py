"""How long paper, toner, labels, numbers and people's hours last, projected over four weeks."""
