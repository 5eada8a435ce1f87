"""Facts below the rules: what comparing layers, big data and options with their records gave; nothing is judged."""
