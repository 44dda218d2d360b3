"""The drawings of the report, one a file. None of them holds a name from the data: names stand in the page's text."""
