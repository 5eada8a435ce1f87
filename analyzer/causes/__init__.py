"""From symptoms to causes: families propose, inference chooses, ranking orders, a plan follows."""
