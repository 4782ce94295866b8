"""The contract between the app and the trainer: a run's configuration and its folder. Standard library only."""
