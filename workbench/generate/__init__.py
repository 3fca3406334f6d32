"""D_gen <- M(T, D_sup): prompts, waves, and the engine that asks."""
