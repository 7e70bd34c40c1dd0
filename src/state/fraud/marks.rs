//! Marks of the entities that a search has come by. They lie close together and apart from what is kept of entities: a search
//! comes by thousands, and most of its time goes into waiting for memory.

use super::entities::EntityId;

/// By the place of an entity, the search that marked it last.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marked_by: Vec<u32>,
    search: u32,
}

impl Marks {
    /// Begins a search: nothing is marked.
    pub fn begin(&mut self) {
        self.search = self.search.wrapping_add(1);
        if self.search == 0 {
            // After four thousand million searches the marks of old ones would be taken for new.
            self.search = 1;
            self.marked_by.fill(0);
        }
    }

    /// Whether the search has marked an entity.
    pub fn has(&self, id: EntityId) -> bool {
        self.marked_by.get(id.place()).is_some_and(|by| *by == self.search)
    }

    /// Marks an entity, and tells whether it was not marked.
    pub fn mark(&mut self, id: EntityId) -> bool {
        if id.place() >= self.marked_by.len() {
            self.marked_by.resize(id.place() + 1, 0);
        }
        let search = self.search;
        self.marked_by.get_mut(id.place()).is_some_and(|by| std::mem::replace(by, search) != search)
    }
}
