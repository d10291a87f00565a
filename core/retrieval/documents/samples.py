"""Questions that the documents in `data/samples` answer, each from a single passage."""

QUESTIONS = (
    "Who built the lighthouse on Gull Point, and when?",
    "How much is a ferry ticket for a child?",
    "When is the bakery closed?",
    "What is the speed limit in the harbour?",
)
