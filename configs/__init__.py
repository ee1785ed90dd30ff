"""The YAML files of every command, also for other Hydra applications: `pkg://landmarks.configs`."""
