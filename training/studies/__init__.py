"""Studies of models, each a command of its own: rules, robustness, traits, expected Dice, what trials measure."""
