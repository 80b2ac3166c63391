using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>
/// How far what was learned on target data can be from the teacher on its own data. With ρ(x) = ‖f(x) − g(x)‖, Lipschitz with constant K,
/// <c>mean_{D_src} ρ ≤ max_{D_tgt} ρ + K · H(D_src, D_tgt)</c>, H = sup_{a ∈ D_src} inf_{b ∈ D_tgt} ‖a − b‖: from every source item one goes to its
/// nearest target item. Srinivas and Fleuret 2018, section 4.
/// </summary>
/// <param name="Hausdorff">H, one-sided.</param>
/// <param name="Lipschitz">A lower estimate of K.</param>
/// <param name="SourceMean">What the bound is about.</param>
/// <param name="TargetMax">ρ at its largest on target items.</param>
internal sealed record TransferBound(double Hausdorff, double Lipschitz, double SourceMean, double TargetMax)
{
    /// <summary>Rows of a tile: no matrix of distances is larger than its square.</summary>
    public const int DefaultTile = 256;

    // Small beside the norm of a normalised image, which is √D or so, and far above what float32 rounds away.
    private const double Radius = 0.1;

    public double Bound => TargetMax + Lipschitz * Hausdorff;

    /// <summary>The estimate on some items. K is the largest of |ρ(x) − ρ(x')| / ‖x − x'‖ over the pairs of a source item and
    /// its nearest target item, which makes the bound true of these items, and the pairs of a source item and a step from there along ρ's
    /// gradient, the direction in which ρ changes most.</summary>
    /// <param name="distance">ρ: items <c>[n, ...]</c> to <c>[n]</c>, differentiable, each item on its own.</param>
    /// <param name="source">Items <c>[N, ...]</c>.</param>
    /// <param name="target">Items <c>[M, ...]</c> of the same shape.</param>
    /// <param name="tile">Rows that are looked at together.</param>
    public static TransferBound Of(
        Func<Tensor, Tensor> distance, Tensor source, Tensor target, int tile = DefaultTile)
    {
        using var scope = NewDisposeScope();
        (Tensor nearest, Tensor gaps) = Nearest(source, target, tile);
        Tensor onSource = Tiled(distance, source, tile);
        Tensor onTarget = Tiled(distance, target, tile);
        Tensor changes = (onSource - onTarget.index_select(0, nearest)).abs();
        double across = Ratio(changes, gaps);
        return new TransferBound(
            gaps.max().item<double>(),
            Math.Max(across, AlongGradient(distance, source, Radius, tile)),
            onSource.mean().item<double>(),
            onTarget.max().item<double>());
    }

    /// <summary>For every source item the nearest target item and how far it is, int64 and float64 <c>[N]</c>.</summary>
    public static (Tensor Indices, Tensor Distances) Nearest(Tensor source, Tensor target, int tile = DefaultTile)
    {
        Tensor points = source.flatten(1);
        Tensor others = target.flatten(1);
        List<Tensor> indices = [];
        List<Tensor> distances = [];
        for (long first = 0; first < points.shape[0]; first += tile)
        {
            using var scope = NewDisposeScope();
            Tensor rows = Wide(points, first, tile);
            Tensor best = full([rows.shape[0]], double.PositiveInfinity, ScalarType.Float64, points.device);
            Tensor index = zeros([rows.shape[0]], ScalarType.Int64, points.device);
            for (long second = 0; second < others.shape[0]; second += tile)
            {
                Tensor columns = Wide(others, second, tile);
                // Without ‖a‖², which is the same for all of a row.
                (Tensor least, Tensor found) = (columns.square().sum(1) - rows.mm(columns.t()) * 2).min(1);
                Tensor closer = least.lt(best);
                best = where(closer, least, best);
                index = where(closer, found + second, index);
            }

            // The expansion chooses; it would not give 0 for equal points.
            Tensor gaps = (rows - others.index_select(0, index).to(ScalarType.Float64)).square().sum(1).sqrt();
            indices.Add(index.MoveToOuterDisposeScope());
            distances.Add(gaps.MoveToOuterDisposeScope());
        }

        return (cat(indices), cat(distances));
    }

    /// <summary>The largest of |ρ(x + r u) − ρ(x)| / r, u the direction of ρ's gradient at x: a lower estimate of ρ's Lipschitz
    /// constant, and exact where ρ is linear within r.</summary>
    public static double AlongGradient(
        Func<Tensor, Tensor> distance, Tensor items, double radius, int tile = DefaultTile)
    {
        double largest = 0;
        for (long first = 0; first < items.shape[0]; first += tile)
        {
            using var scope = NewDisposeScope();
            Tensor leaf = InputGradient.Leaf(Part(items, first, tile));
            Tensor here = distance(leaf);
            Tensor gradient = InputGradient.Of(here, leaf, trains: false);
            long[] shape = [-1, .. Enumerable.Repeat(1L, gradient.shape.Length - 1)];
            Tensor length = gradient.flatten(1).square().sum(1).sqrt().view(shape);
            using var noGrad = no_grad();
            Tensor moved = leaf.detach() + gradient * (radius / length.clamp_min(1e-30));
            Tensor step = (moved - leaf.detach()).to(ScalarType.Float64).flatten(1).square().sum(1).sqrt();
            Tensor changes = (distance(moved) - here.detach()).to(ScalarType.Float64).abs();
            largest = Math.Max(largest, Ratio(changes, step));
        }

        return largest;
    }

    /// <summary>Items of a task as networks see them, evenly spread over the set where it has more.</summary>
    public static Tensor Items(LearningTask task, int most, Device device)
    {
        int count = Math.Min(most, task.TrainCount);
        IBatches batches = task.TrainingBatches(new AugmentRecipe(), batchSize: 2, seed: 0, device);
        return batches.Load([.. Enumerable.Range(0, count).Select(i => (int)((long)i * task.TrainCount / count))], epoch: 0).Inputs;
    }

    // Equal points say nothing about a slope.
    private static double Ratio(Tensor changes, Tensor gaps)
    {
        Tensor apart = gaps.gt(0);
        return where(apart, changes / gaps.masked_fill(apart.logical_not(), 1), zeros_like(gaps)).max().item<double>();
    }

    private static Tensor Tiled(Func<Tensor, Tensor> distance, Tensor items, int tile)
    {
        using var noGrad = no_grad();
        List<Tensor> parts = [];
        for (long first = 0; first < items.shape[0]; first += tile)
        {
            using var scope = NewDisposeScope();
            parts.Add(distance(Part(items, first, tile)).to(ScalarType.Float64).MoveToOuterDisposeScope());
        }

        return cat(parts);
    }

    private static Tensor Part(Tensor items, long first, int tile) =>
        items.narrow(0, first, Math.Min(tile, items.shape[0] - first));

    private static Tensor Wide(Tensor items, long first, int tile) => Part(items, first, tile).to(ScalarType.Float64);
}
