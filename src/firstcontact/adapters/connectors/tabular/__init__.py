"""Files that people have: delimited text, Excel, Parquet and JSON lines, plain or packed.

The walk: `container` opens and recognises, `sniff` finds how a text is written, `reader` brings each file into the engine
as it is, `source` puts files on top of each other and samples them, `guess` (by `vocabulary`) proposes a `mapping`,
`plan` and `expression` (with `dates` and `missing`) turn it into one query, `history` reads updates of tickets,
`companion` the tables beside the contacts, and `load` walks the whole way.
"""
