using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>
/// The outputs of named modules of a network, taken by hooks in its ordinary forward pass. Without names there is no hook
/// and no cost.
/// </summary>
internal sealed class NetworkTaps : IDisposable
{
    private readonly List<Action> removers = [];
    private readonly Dictionary<string, Tensor> taken = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">A module does not exist, or cannot be tapped; the message names those that
    /// can.</exception>
    public NetworkTaps(nn.Module network, IEnumerable<string> names)
    {
        Dictionary<string, nn.Module<Tensor, Tensor>> modules = Modules(network);
        foreach (string name in names.Distinct(StringComparer.Ordinal))
        {
            if (!modules.TryGetValue(name, out nn.Module<Tensor, Tensor>? module))
            {
                throw new ArgumentException(
                    $"expected one of {string.Join(", ", modules.Keys)} but got '{name}'", nameof(names));
            }

            var hook = module.register_forward_hook((_, _, output) =>
            {
                // The network may dispose what it passes on, as Sequential does, and its forward pass may have a dispose
                // scope of its own; an alias outside of all scopes stays.
                if (taken.Remove(name, out Tensor? earlier))
                {
                    earlier.Dispose();
                }

                taken[name] = output.alias().DetachFromDisposeScope();
                return output;
            });
            removers.Add(hook.remove);
        }
    }

    /// <summary>The names of modules that can be tapped.</summary>
    public static IReadOnlyList<string> Available(nn.Module network) => [.. Modules(network).Keys];

    /// <summary>A module that can be tapped; null where there is none of that name.</summary>
    public static nn.Module<Tensor, Tensor>? Find(nn.Module network, string name) => Modules(network).GetValueOrDefault(name);

    /// <summary>Hands over what the last forward pass left, to the current dispose scope.</summary>
    public IReadOnlyDictionary<string, Tensor> Take()
    {
        var result = new Dictionary<string, Tensor>(taken, StringComparer.Ordinal);
        taken.Clear();
        foreach (Tensor tensor in result.Values)
        {
            CurrentDisposeScope?.Attach(tensor);
        }

        return result;
    }

    public void Dispose()
    {
        foreach (Action remove in removers)
        {
            remove();
        }

        removers.Clear();
        foreach (Tensor tensor in taken.Values)
        {
            tensor.Dispose();
        }

        taken.Clear();
    }

    // Batch norms are left out: the ReLU behind one works in place, so that its output is gone when the pass ends.
    private static Dictionary<string, nn.Module<Tensor, Tensor>> Modules(nn.Module network) => network.named_modules()
        .Where(entry => entry.module is nn.Module<Tensor, Tensor> and not BatchNorm2d && entry.name.Length > 0)
        .ToDictionary(entry => entry.name, entry => (nn.Module<Tensor, Tensor>)entry.module, StringComparer.Ordinal);
}
