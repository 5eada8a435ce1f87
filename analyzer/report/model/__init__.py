"""What a report says, before any format: one value, and the parts that several formats share."""
