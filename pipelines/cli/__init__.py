"""The command line `dti`. Each command asks the modules of `pipelines`, imported when it is called."""
