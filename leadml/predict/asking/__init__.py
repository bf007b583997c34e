"""The next question: how likely each answer is, the score after it, and what knowing it is worth."""
