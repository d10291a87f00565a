"""What Throughline does, without the pages that show it; nothing here imports Streamlit."""
