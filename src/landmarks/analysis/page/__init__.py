"""The report as one HTML file: `write_page` shows what the findings say and computes nothing."""
