"""The layer-dependency graph: who stands on whom, chains, cycles, blast radius."""
