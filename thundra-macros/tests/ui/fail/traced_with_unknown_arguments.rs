use thundra_core::traced;

struct Store;

#[traced(err)]
impl Store {}

#[traced(level = "loud")]
impl Store {
    #[traced(skip_all)]
    fn get(&self) {}
}

#[traced(level)]
fn level() {}

#[traced(fields)]
fn fields() {}

#[traced(fields(1))]
fn number() {}

#[traced(skip skip)]
fn no_comma() {}

#[traced(name = "a", name = "b")]
fn twice() {}

fn main() {}
