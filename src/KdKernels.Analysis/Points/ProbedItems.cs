using System.Runtime.InteropServices;
using KdKernels.Analysis.Probe;
using KdKernels.Core;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Points;

/// <summary>The held-out items that a measurement probes: what networks are called with, and which units are foreground.</summary>
internal sealed class ProbedItems : IDisposable
{
    // "pitm" in ASCII: the choice of items.
    private const uint Purpose = 0x7069746D;

    private readonly List<Tensor> owned;

    private ProbedItems(
        IReadOnlyList<int> indices, ProbeItems items, IReadOnlyList<bool[]> foreground, List<Tensor> owned)
    {
        Indices = indices;
        Items = items;
        Foreground = foreground;
        this.owned = owned;
        Present = items.Present is { } present
            ? Rows(present)
            : [.. foreground.Select(mask => Array.ConvertAll(mask, _ => true))];
    }

    /// <summary>Positions in the held-out set.</summary>
    public IReadOnlyList<int> Indices { get; }

    public ProbeItems Items { get; }

    /// <summary>Per item, which of its units matter.</summary>
    public IReadOnlyList<bool[]> Foreground { get; }

    /// <summary>Per item, which of its units exist.</summary>
    public IReadOnlyList<bool[]> Present { get; }

    /// <summary>The items as pictures; null where they are none.</summary>
    public ImageSet? Pictures { get; private init; }

    /// <summary>Chooses items that have both a foreground and a background.</summary>
    /// <exception cref="AnalysisException">There are no masks, or fewer than two such items.</exception>
    public static ProbedItems Choose(LearningTask task, PointsSettings settings, Device device)
    {
        int[] order = [.. Enumerable.Range(0, task.HeldOutCount)];
        new PhiloxSequence(settings.Seed, Purpose).Shuffle(order);
        return task is ImageClassification images
            ? Choose(images, order, settings, device)
            : Choose(task, order, settings.Items, device);
    }

    /// <summary>Items that were chosen elsewhere; the caller keeps their tensors.</summary>
    internal static ProbedItems Of(IReadOnlyList<int> indices, ProbeItems items, IReadOnlyList<bool[]> foreground) =>
        new(indices, items, foreground, []);

    public void Dispose()
    {
        foreach (Tensor tensor in owned)
        {
            tensor.Dispose();
        }
    }

    private static ProbedItems Choose(ImageClassification task, int[] order, PointsSettings settings, Device device)
    {
        ImageSet images = task.HeldOut;
        var masks = new CellMasks(images, settings.Masks, settings.Probe.Grid);
        List<int> chosen = [];
        List<bool[]> foreground = [];
        foreach (int index in order)
        {
            bool[] cells = masks.Of(index);
            if (chosen.Count < settings.Items && cells.Contains(true) && cells.Contains(false))
            {
                chosen.Add(index);
                foreground.Add(cells);
            }
        }

        if (chosen.Count < 2)
        {
            throw new AnalysisException(
                $"expected at least 2 images of {images.Name} with cells of both foreground and background but got {chosen.Count}");
        }

        int[] indices = [.. chosen];
        var batches = ImageBatches.Evaluation(images, task.Statistics, indices.Length, device);
        Tensor inputs;
        using (NewDisposeScope())
        {
            inputs = batches.Load(indices, epoch: 0).Inputs.DetachFromDisposeScope();
        }

        return new ProbedItems(indices, new ImageItems(inputs, settings.Probe.Grid), foreground, [inputs])
        {
            Pictures = images.Select(indices),
        };
    }

    private static ProbedItems Choose(LearningTask task, int[] order, int count, Device device)
    {
        if (task.UnitsUnavailable is { } reason)
        {
            throw new AnalysisException(reason);
        }

        using var scope = NewDisposeScope();
        UnitItems all = task.Units(order, device)!;
        IReadOnlyList<bool[]> foreground = Rows(all.Foreground);
        IReadOnlyList<bool[]> present = Rows(all.Present);
        int[] chosen =
        [
            .. Enumerable.Range(0, order.Length)
                .Where(item => foreground[item].Contains(true)
                    && foreground[item].Zip(present[item], (inside, exists) => exists && !inside).Contains(true))
                .Take(count),
        ];
        if (chosen.Length < 2)
        {
            throw new AnalysisException(
                $"expected at least 2 items of {task.HeldOutName} with units of both foreground and background but got {chosen.Length}");
        }

        Tensor places = tensor(Array.ConvertAll(chosen, place => (long)place)).to(device);
        Tensor inputs = all.Inputs.index_select(0, places).DetachFromDisposeScope();
        Tensor exist = all.Present.index_select(0, places).unsqueeze(2).DetachFromDisposeScope();
        ProbeItems items = all.Site is null ? new PointItems(inputs) : new VectorItems(inputs, all.Site, exist);
        return new ProbedItems(
            [.. chosen.Select(place => order[place])], items, [.. chosen.Select(place => foreground[place])], [inputs, exist]);
    }

    private static IReadOnlyList<bool[]> Rows(Tensor present)
    {
        using Tensor host = present.to(ScalarType.Bool).cpu().contiguous();
        int units = (int)(host.numel() / host.shape[0]);
        bool[] all = MemoryMarshal.Cast<byte, bool>(host.bytes).ToArray();
        return [.. all.Chunk(units)];
    }
}
