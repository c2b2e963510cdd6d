"""When pictures of scanned pages are destroyed: from a list that two people sign."""
