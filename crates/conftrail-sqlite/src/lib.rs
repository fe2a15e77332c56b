//! Change log, audit store and control store on local disk.
