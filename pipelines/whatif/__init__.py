"""Published rankings scored again under other figures, exceptions or rules: in memory, never written anywhere."""
