//! The simulation as a whole: the places, the people, what they do, and the frauds, in the order of time.

use super::{
    event::{Draft, SimulateSettings, SimulatedEvent, Variant},
    life::Life,
    patterns::{self, Ground},
    people::People,
    season::Season,
    world::World,
};

/// The events of these settings in the order of time. Pure: the same settings give the
/// same events on every machine. A million events take about 200 MB while they wait for their turn.
#[must_use]
pub fn simulate(settings: &SimulateSettings) -> impl ExactSizeIterator<Item = SimulatedEvent> + use<> {
    simulate_with(settings, &mut |_| {})
}

/// As [`simulate`]; `lived` is called with how many customers' lives are done, now and then.
pub fn simulate_with(
    settings: &SimulateSettings,
    lived: &mut dyn FnMut(usize),
) -> impl ExactSizeIterator<Item = SimulatedEvent> + use<> {
    let drafts = drafts(settings, lived);
    let letter = match settings.variant {
        Variant::Training => 't',
        Variant::Unseen => 'u',
    };
    let stem = format!("sim-{}{letter}-{}", settings.seed, settings.start.seconds());
    drafts.into_iter().enumerate().map(move |(place, draft)| draft.event(format!("{stem}-{place:08}")))
}

fn drafts(settings: &SimulateSettings, lived: &mut dyn FnMut(usize)) -> Vec<Draft> {
    let world = World::new(settings.seed, settings.customers);
    let season = Season::new(settings, &world);
    let people = People::new(settings, &world, season.first_day());
    let mut genuine = Vec::new();
    for (place, person) in people.all.iter().enumerate() {
        let mut life = Vec::new();
        Life::new(settings, (&world, &people, &season), person).live(&mut life);
        genuine.extend(life.into_iter().filter(|draft| season.holds(draft.time_us)));
        if place % 256 == 0 {
            lived(place);
        }
    }
    let mut frauds = Vec::new();
    let ground = Ground { settings, world: &world, people: &people, season: &season, genuine: &genuine };
    patterns::commit(ground, &mut frauds);
    genuine.append(&mut frauds);
    // Stable, so that events of one microsecond stay as they were made.
    genuine.sort_by_key(|draft| draft.time_us);
    genuine
}
