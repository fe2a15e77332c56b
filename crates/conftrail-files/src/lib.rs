//! Source over a directory of configuration files, with author and commit where it is a Git checkout.
