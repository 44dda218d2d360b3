"""Files that people have: delimited text, Excel, Parquet and JSON lines, plain or packed.

The walk: `container` opens and recognises, `sniff` finds how a text is written, `reader` (with `workbook` and
`json_lines`) brings each file into the engine as `raw` describes, `source` puts files on top of each other and samples
them. `guess` (with `evidence`, `identity`, `survey`, `nobody`, `missing` and `vocabulary`) proposes a `mapping`, which
`mapping_file` writes for people. `plan` decides how moments are read (`dates`), `expression` makes the SQL of each
column, `project` the one query. `history` reads updates of tickets, `companion` the tables beside the contacts,
`remark` says what was noticed, `inspect` describes a source, and `load` walks the whole way.
"""
