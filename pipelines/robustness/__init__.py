"""How firm a published ranking is: for the council, not for the public unless the deployment says so."""
