using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>One forward pass of a network: its output and what was tapped on the way.</summary>
internal sealed class NetworkPass
{
    private readonly IReadOnlyDictionary<string, Tensor> taps;
    private readonly long rows;

    /// <param name="network">The network.</param>
    /// <param name="output">Its output on the expanded batch.</param>
    /// <param name="taps">Tapped outputs by module name.</param>
    /// <param name="rows">B: the upright part of the batch.</param>
    public NetworkPass(
        nn.Module<Tensor, Tensor> network, Tensor output, IReadOnlyDictionary<string, Tensor> taps, long rows)
    {
        Network = network;
        Expanded = output;
        this.taps = taps;
        this.rows = rows;
    }

    public nn.Module<Tensor, Tensor> Network { get; }

    /// <summary>The output on the whole expanded batch; without an expansion the same as <see cref="Output"/>.</summary>
    public Tensor Expanded { get; }

    /// <summary>The output on the B items of the batch.</summary>
    public Tensor Output => Upright(Expanded);

    /// <summary>Everything that was tapped, on the whole expanded batch.</summary>
    public IReadOnlyDictionary<string, Tensor> Taps => taps;

    /// <summary>A tapped module's output on the B items of the batch.</summary>
    public Tensor Tap(string name) => Upright(taps[name]);

    /// <summary>A tapped module's output on the whole expanded batch.</summary>
    public Tensor ExpandedTap(string name) => taps[name];

    /// <summary>Runs a network with its taps.</summary>
    public static NetworkPass Run(nn.Module<Tensor, Tensor> network, NetworkTaps taps, Tensor inputs, long rows)
    {
        Tensor output = network.call(inputs);
        return new NetworkPass(network, output, taps.Take(), rows);
    }

    private Tensor Upright(Tensor tensor) => tensor.shape[0] == rows ? tensor : tensor.narrow(0, 0, rows);
}
