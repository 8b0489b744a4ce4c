"""Tables that an analyst orders: what is offered, the plan before anything is made, the reviewer's answer."""
