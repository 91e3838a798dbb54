package golden

var simSiamOperations = []operation{{name: "mlp_heads", run: mlpHeads}}
