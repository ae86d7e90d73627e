"""The walk of an agent through its maze, drawn move by move."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from bayes_irl.recordings import Trajectory
from bayes_irl.systems.decisions.walker import Walker


def draw_walk(walker: Walker, key: PRNGKeyArray, num_updates: int) -> Trajectory:
    """Record where the agent is when it chooses, and what it chooses, from the stationary distribution on."""
    table = walker.maze
    start_key, walk_key = jax.random.split(key)
    start = jax.random.categorical(start_key, jnp.log(walker.occupancy[0]))

    # The world's own move as a matrix: row by row, where it takes the agent from wherever a move has led.
    def met(of_places: jax.Array) -> jax.Array:
        return table.ahead(table.spread(of_places, 0))

    world_move = jax.jacfwd(met)(jnp.zeros((1, table.num_states)))[0, :, 0]
    places, moves = _walk(
        jnp.log(world_move),
        jnp.log(walker.move_probability),
        jnp.asarray(table.leads_to, start.dtype),
        start,
        walk_key,
        num_updates,
    )
    return Trajectory.from_arrays(places, moves, table.num_states, table.num_actions)


@partial(jax.jit, static_argnames="num_updates")
def _walk(
    log_world_move: Array, log_policy: Array, leads_to: Array, start: Array, key: PRNGKeyArray, num_updates: int
) -> tuple[Int[Array, " num_updates"], Int[Array, " num_updates"]]:
    def step(place, key):
        world_key, move_key = jax.random.split(key)
        place = jax.random.categorical(world_key, log_world_move[place])
        move = jax.random.categorical(move_key, log_policy[:, place])
        return leads_to[move, place], (place, move)

    return jax.lax.scan(step, start, jax.random.split(key, num_updates))[1]
