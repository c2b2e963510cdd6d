"""How each system of the demonstration hospital tells what it knows: messages, bundles, tables."""
