"""How much an input may hold, produce and take: what keeps a small one from filling the machine."""
