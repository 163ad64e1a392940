//! Change directives: how a stored object changes, told instead of the object.
//!
//! `{"id", "$set": {"a.b": 1}, "$unset": {"a.c": true}, "$addToSet", "$push", "$pull", "$inc", "$version": {"before", "after"}}`.
//! Keys are dotted paths; a missing middle object is created. A directive whose `$version.before` is not the local version
//! means: refetch.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What became of a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The object is now as the server has it.
    Changed,
    /// The object already was at the directive's version, or beyond it; nothing was changed.
    AlreadyThere,
    /// The object is at another version than the directive starts from; nothing was changed. Refetch it.
    Stale,
}

/// `$version` of a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionChange {
    /// The version it starts from.
    pub before: i64,
    /// The version it leads to.
    pub after: i64,
}

/// A change to the one object named by `id`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Directive {
    /// The object's id.
    #[serde(default)]
    pub id: String,
    /// Replaces values.
    #[serde(rename = "$set", default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Removes keys; the values are ignored.
    #[serde(rename = "$unset", default, skip_serializing_if = "Map::is_empty")]
    pub unset: Map<String, Value>,
    /// Appends what is not there yet; an array appends each of its elements.
    #[serde(rename = "$addToSet", default, skip_serializing_if = "Map::is_empty")]
    pub add_to_set: Map<String, Value>,
    /// Appends; an array appends each of its elements.
    #[serde(rename = "$push", default, skip_serializing_if = "Map::is_empty")]
    pub push: Map<String, Value>,
    /// Removes every equal element; an array removes each of its elements.
    #[serde(rename = "$pull", default, skip_serializing_if = "Map::is_empty")]
    pub pull: Map<String, Value>,
    /// Adds to numbers; a missing one counts as 0.
    #[serde(rename = "$inc", default, skip_serializing_if = "Map::is_empty")]
    pub inc: Map<String, Value>,
    /// Where it starts and leads; absent for objects without versions.
    #[serde(rename = "$version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionChange>,
}

impl Directive {
    /// An empty change of `id`.
    pub fn of(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    /// Sets the value at `path`.
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set.insert(path.into(), value.into());
        self
    }

    /// Removes the value at `path`.
    pub fn unset(mut self, path: impl Into<String>) -> Self {
        self.unset.insert(path.into(), Value::Bool(true));
        self
    }

    /// From one version to the next.
    pub fn at_version(mut self, before: i64) -> Self {
        self.version = Some(VersionChange {
            before,
            after: before + 1,
        });
        self
    }

    /// Applies this to `object`, whole or not at all. The object's version is its `version` key.
    pub fn apply(&self, object: &mut Value) -> Applied {
        if let Some(VersionChange { before, after }) = self.version {
            let local = object.get("version").and_then(Value::as_i64);
            match local {
                Some(local) if local >= after => return Applied::AlreadyThere,
                Some(local) if local != before => return Applied::Stale,
                _ => {}
            }
        }
        for (path, value) in &self.set {
            place(object, path, |slot| *slot = value.clone());
        }
        for path in self.unset.keys() {
            remove(object, path);
        }
        for (path, value) in &self.add_to_set {
            place(object, path, |slot| {
                let list = array(slot);
                for item in each(value) {
                    if !list.contains(item) {
                        list.push(item.clone());
                    }
                }
            });
        }
        for (path, value) in &self.push {
            place(object, path, |slot| array(slot).extend(each(value).cloned()));
        }
        for (path, value) in &self.pull {
            if let Some(Value::Array(list)) = find(object, path) {
                list.retain(|item| !each(value).any(|gone| gone == item));
            }
        }
        for (path, value) in &self.inc {
            place(object, path, |slot| *slot = sum(slot, value));
        }
        if let Some(VersionChange { after, .. }) = self.version {
            place(object, "version", |slot| *slot = json!(after));
        }
        Applied::Changed
    }
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn array(slot: &mut Value) -> &mut Vec<Value> {
    if !slot.is_array() {
        *slot = Value::Array(Vec::new());
    }
    match slot {
        Value::Array(list) => list,
        _ => unreachable!("made an array above"),
    }
}

fn object_of(slot: &mut Value) -> &mut Map<String, Value> {
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    match slot {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

fn place(object: &mut Value, path: &str, change: impl FnOnce(&mut Value)) {
    let slot = path
        .split('.')
        .fold(object, |at, key| object_of(at).entry(key).or_insert(Value::Null));
    change(slot);
}

fn find<'a>(object: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(object, |at, key| at.get_mut(key))
}

fn remove(object: &mut Value, path: &str) {
    let (parent, key) = match path.rsplit_once('.') {
        Some((parent, key)) => (find(object, parent), key),
        None => (Some(object), path),
    };
    if let Some(Value::Object(map)) = parent {
        map.shift_remove(key);
    }
}

fn sum(slot: &Value, by: &Value) -> Value {
    match (slot.as_i64(), by.as_i64()) {
        (local, Some(by)) if local.is_some() || !slot.is_number() => {
            json!(local.unwrap_or(0).saturating_add(by))
        }
        _ => json!(slot.as_f64().unwrap_or(0.0) + by.as_f64().unwrap_or(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_directives_apply_as_written() {
        let rows: Vec<Value> =
            serde_json::from_str(include_str!("../golden/directives.json")).expect("golden JSON");
        for row in rows {
            let name = row["name"].as_str().expect("name");
            let directive: Directive = serde_json::from_value(row["directive"].clone()).expect(name);
            let mut object = row["before"].clone();
            let applied = directive.apply(&mut object);
            assert_eq!(
                format!("{applied:?}"),
                row["applied"].as_str().expect("applied"),
                "{name}"
            );
            assert_eq!(object, row["after"], "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_and_no_shape_panics(path in "[a-c.]{0,8}", seed in 0..4_u8) {
            let mut object = [json!(null), json!([1]), json!({"a": {"b": 1}}), json!("x")][usize::from(seed)].clone();
            let mut directive = Directive::of("x").set(path.clone(), 1).unset(path.clone());
            directive.inc.insert(path.clone(), json!(1.5));
            directive.pull.insert(path.clone(), json!([1]));
            directive.push.insert(path.clone(), json!(2));
            directive.add_to_set.insert(path, json!(2));
            directive.apply(&mut object);
        }
    }
}
