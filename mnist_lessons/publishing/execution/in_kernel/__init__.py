"""What a lesson's kernel executes before the first cell: it imports nothing else of ours."""
