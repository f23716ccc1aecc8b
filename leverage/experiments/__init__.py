"""Many runs as one.

what varies     axes, design, expert_draw, planned
at a point      columns, part
who solves      workers, cluster, program
what is kept    store, sweep, sweep_reading, finished_sweep; in_memory keeps nothing
what is told    summary, sweep_page, finishing
what matters    answers, indices, local_effects, index_table, index_page
maps            refinement, regime_columns, regime_map, regime_tables, regime_folder, regime_page
boxes           row_condition, discovery, discovery_study
"""
