"""Following a patient over visits: opening, registering and measuring aside, and what people change."""
