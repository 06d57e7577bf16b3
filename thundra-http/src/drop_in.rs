#![doc = include_str!("drop_in.md")]
