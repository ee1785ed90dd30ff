"""Ship `configs/` in the wheel as `landmarks.configs`; pyproject.toml has everything else."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages("src"), "landmarks.configs"],
    package_dir={"": "src", "landmarks.configs": "configs"},
)
