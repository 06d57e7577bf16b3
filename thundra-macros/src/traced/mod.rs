//! `#[traced]`: a span around each function of an `impl` block or a module.
//!
//! Tokens go one way, as for `#[handler]`: `attr` (with `field`) and `item` (with `owner`) parse, `expand` and
//! `function` write.

mod attr;
mod expand;
mod field;
mod function;
mod item;
mod owner;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Path;

use self::{attr::Args, item::Member};
use crate::fallback;

/// Expands the attribute. `exporter` is the path of the crate that exports the attribute.
pub(crate) fn traced(args: TokenStream, item: &TokenStream, exporter: Path) -> TokenStream {
    let member = match syn::parse2::<Member>(item.clone()) {
        Ok(member) => member,
        Err(error) => return fallback::item(&error, item),
    };
    let expanded = syn::parse2::<Args>(args).and_then(|mut args| {
        args.krate.get_or_insert(exporter);
        expand::item(&args, member.clone())
    });
    expanded.unwrap_or_else(|error| fallback::item(&error, &member.without_attributes().into_token_stream()))
}
