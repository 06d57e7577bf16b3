//! Numbers of what repeats: keys, resources, scopes, services, operations, nodes.

use std::collections::HashMap;
use std::hash::Hash;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Error;
use crate::rows::{NodeKind, Peer, Resource};

/// The greatest number of a key in a list of attributes. Attributes of later keys are only in the bytes.
const MAX_KEY: i64 = u16::MAX as i64;

/// The longest key in a list of attributes. Longer ones are only in the bytes.
const MAX_KEY_BYTES: usize = 512;

/// The most entries of a cache. A full one begins anew.
const MAX_CACHED: usize = 50_000;

/// A stored resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResourceId {
    pub(super) id: i64,
    pub(super) service: i64,
    pub(super) node: i64,
}

/// Caches of the numbers. They are forgotten when a transaction is rolled back.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    keys: HashMap<String, i64>,
    resources: HashMap<Vec<u8>, ResourceId>,
    scopes: HashMap<Vec<u8>, i64>,
    operations: HashMap<(i64, i32, bool), HashMap<String, i64>>,
    operation_count: usize,
    nodes: HashMap<Peer, i64>,
}

impl Dictionary {
    /// Returns a list of attributes by numbers, sorted.
    pub(super) fn attributes(&mut self, db: &Connection, attributes: &[(String, u64)]) -> Result<Vec<u8>, Error> {
        let mut entries = Vec::with_capacity(attributes.len());
        for (key, hash) in attributes.iter().filter(|(key, _)| key.len() <= MAX_KEY_BYTES) {
            if let Some(key) = self.key(db, key)? {
                entries.push((key as u64) << 48 | hash);
            }
        }
        entries.sort_unstable();
        entries.dedup();
        Ok(entries.into_iter().flat_map(u64::to_be_bytes).collect())
    }

    /// Returns the number of a key; `None` where no number is left.
    fn key(&mut self, db: &Connection, name: &str) -> Result<Option<i64>, Error> {
        if let Some(id) = self.keys.get(name) {
            return Ok(Some(*id));
        }
        let found =
            db.prepare_cached("SELECT id FROM key WHERE name = ?")?.query_row([name], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                let last: i64 =
                    db.prepare_cached("SELECT coalesce(max(id), 0) FROM key")?.query_row([], |row| row.get(0))?;
                if last >= MAX_KEY {
                    return Ok(None);
                }
                db.prepare_cached("INSERT INTO key (name) VALUES (?)")?.insert([name])?
            }
        };
        // A file of an older console may have more keys than numbers.
        let id = Some(id).filter(|id| *id <= MAX_KEY);
        id.iter().for_each(|id| put(&mut self.keys, name.to_owned(), *id));
        Ok(id)
    }

    pub(super) fn resource(&mut self, db: &Connection, resource: &Resource) -> Result<ResourceId, Error> {
        if let Some(known) = self.resources.get(&resource.raw) {
            return Ok(*known);
        }
        let (service, node) = self.service(db, &resource.service)?;
        let found = db
            .prepare_cached("SELECT id FROM resource WHERE raw = ?")?
            .query_row([&resource.raw], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                let attributes = self.attributes(db, &resource.attributes)?;
                db.prepare_cached("INSERT INTO resource (service, attributes, raw) VALUES (?, ?, ?)")?
                    .insert(params![service, attributes, resource.raw])?
            }
        };
        let known = ResourceId { id, service, node };
        put(&mut self.resources, resource.raw.clone(), known);
        Ok(known)
    }

    /// Returns the numbers of a service and of its node.
    pub(super) fn service(&mut self, db: &Connection, name: &str) -> Result<(i64, i64), Error> {
        let found = db
            .prepare_cached("SELECT id, node FROM service WHERE name = ?")?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some(known) = found {
            return Ok(known);
        }
        let node = self.node(db, &Peer::new(NodeKind::Service, name))?;
        Ok((db.prepare_cached("INSERT INTO service (name, node) VALUES (?, ?)")?.insert(params![name, node])?, node))
    }

    pub(super) fn scope(&mut self, db: &Connection, raw: &[u8]) -> Result<i64, Error> {
        if let Some(id) = self.scopes.get(raw) {
            return Ok(*id);
        }
        let found =
            db.prepare_cached("SELECT id FROM scope WHERE raw = ?")?.query_row([raw], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => db.prepare_cached("INSERT INTO scope (raw) VALUES (?)")?.insert([raw])?,
        };
        put(&mut self.scopes, raw.to_owned(), id);
        Ok(id)
    }

    pub(super) fn operation(
        &mut self,
        db: &Connection,
        service: i64,
        name: &str,
        kind: i32,
        root: bool,
    ) -> Result<i64, Error> {
        let group = (service, kind, root);
        if let Some(id) = self.operations.get(&group).and_then(|names| names.get(name)) {
            return Ok(*id);
        }
        let found = db
            .prepare_cached("SELECT id FROM operation WHERE service = ? AND name = ? AND kind = ? AND root = ?")?
            .query_row(params![service, name, kind, root], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => db
                .prepare_cached("INSERT INTO operation (service, name, kind, root) VALUES (?, ?, ?, ?)")?
                .insert(params![service, name, kind, root])?,
        };
        self.operation_count += 1;
        if self.operation_count > MAX_CACHED {
            (self.operations, self.operation_count) = (HashMap::new(), 0);
        }
        self.operations.entry(group).or_default().insert(name.to_owned(), id);
        Ok(id)
    }

    /// Returns the number of a node. A function and a service of the same name are one node.
    pub(super) fn node(&mut self, db: &Connection, peer: &Peer) -> Result<i64, Error> {
        if let Some(id) = self.nodes.get(peer) {
            return Ok(*id);
        }
        let is_program = matches!(peer.kind, NodeKind::Service | NodeKind::Function);
        let class = if is_program { NodeKind::Service } else { peer.kind };
        let found: Option<(i64, i64)> = db
            .prepare_cached("SELECT id, kind FROM node WHERE class = ? AND name = ?")?
            .query_row(params![class.code(), peer.name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let id = match found {
            Some((id, kind)) => {
                if peer.kind == NodeKind::Function && kind != peer.kind.code() {
                    db.execute("UPDATE node SET kind = ? WHERE id = ?", params![peer.kind.code(), id])?;
                }
                id
            }
            None => db.prepare_cached("INSERT INTO node (class, kind, name) VALUES (?, ?, ?)")?.insert(params![
                class.code(),
                peer.kind.code(),
                peer.name
            ])?,
        };
        put(&mut self.nodes, peer.clone(), id);
        Ok(id)
    }
}

fn put<K: Hash + Eq, V>(cache: &mut HashMap<K, V>, key: K, value: V) {
    if cache.len() >= MAX_CACHED {
        cache.clear();
    }
    cache.insert(key, value);
}
