using KdKernels.Distillation.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Probe;

/// <summary>
/// A network up to one of its layers: what lies behind does not run. Where units are not the input, the output of the module that
/// gives them can be taken, and replaced. The network is in evaluation mode and gets no gradients itself.
/// </summary>
internal sealed class LayerProbe : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> network;
    private readonly List<Action> removers = [];
    private readonly List<Tensor> frozen = [];
    private Tensor? replacement;
    private Tensor? reached;
    private bool stopAtSite;

    /// <param name="network">Left as it was when this is disposed.</param>
    /// <param name="layer">Whose output is wanted.</param>
    /// <param name="site">The module whose output may be replaced; null for the input.</param>
    /// <exception cref="AnalysisException">A module does not exist, or the network is in training mode.</exception>
    public LayerProbe(nn.Module<Tensor, Tensor> network, string layer, string? site)
    {
        this.network = network;
        foreach ((string name, nn.Module module) in network.named_modules().Prepend(("", network)))
        {
            if (module.training)
            {
                throw new AnalysisException(
                    $"expected a network in evaluation mode but {(name.Length == 0 ? "it" : $"its module {name}")} is in training mode: "
                    + "batch norms would mix the copies");
            }
        }

        if (site is not null)
        {
            Hook(site, output =>
            {
                if (stopAtSite)
                {
                    throw Stop(output);
                }

                return replacement is null ? output : replacement.alias();
            });
        }

        Hook(layer, output => throw Stop(output));
        foreach (Tensor parameter in network.parameters().Where(parameter => parameter.requires_grad))
        {
            parameter.requires_grad_(false);
            frozen.Add(parameter);
        }
    }

    /// <summary>The layer's output, in the current dispose scope.</summary>
    /// <param name="inputs">What the network is called with.</param>
    /// <param name="values">What the site gives instead of its own output; null leaves that.</param>
    public Tensor Features(Tensor inputs, Tensor? values = null)
    {
        replacement = values;
        return Run(inputs);
    }

    /// <summary>The site's own output.</summary>
    public Tensor SiteValues(Tensor inputs)
    {
        stopAtSite = true;
        return Run(inputs);
    }

    public void Dispose()
    {
        foreach (Action remove in removers)
        {
            remove();
        }

        foreach (Tensor parameter in frozen)
        {
            parameter.requires_grad_(true);
        }
    }

    private Tensor Run(Tensor inputs)
    {
        try
        {
            network.call(inputs).Dispose();
        }
        catch (LayerReachedException)
        {
            Tensor output = reached!;
            reached = null;
            CurrentDisposeScope?.Attach(output);
            return output;
        }
        finally
        {
            replacement = null;
            stopAtSite = false;
        }

        throw new AnalysisException("expected a layer that every forward pass goes through, but this one did not run");
    }

    // The alias outlives the dispose scopes of the passes that are left.
    private LayerReachedException Stop(Tensor output)
    {
        reached?.Dispose();
        reached = output.alias().DetachFromDisposeScope();
        return LayerReachedException.Instance;
    }

    private void Hook(string name, Func<Tensor, Tensor> take)
    {
        nn.Module<Tensor, Tensor> module = NetworkTaps.Find(network, name)
            ?? throw new AnalysisException(
                $"expected one of the layers {string.Join(", ", NetworkTaps.Available(network))} but got '{name}'");
        var hook = module.register_forward_hook((_, _, output) => take(output));
        removers.Add(hook.remove);
    }

    /// <summary>Leaves a forward pass; the one way out of a network of which nothing is known but its modules.</summary>
    private sealed class LayerReachedException : Exception
    {
        public static LayerReachedException Instance { get; } = new();
    }
}
