"""Networks beside the first one of a model folder: what each is for, and the command that puts it there."""
