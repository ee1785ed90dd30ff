"""Store pictures: dataset layouts, and folders that survive interrupted rendering."""
