"""Labels, wristbands and the page that aligns them."""
