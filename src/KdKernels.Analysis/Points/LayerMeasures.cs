using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>
/// What one network knows at one layer, item by item: the quantities of Cheng et al. 2020, section 3.2, over its checkpoints.
/// </summary>
internal sealed class LayerMeasures
{
    private readonly IReadOnlyList<LayerPoints> checkpoints;
    private readonly IReadOnlyList<WeightPath> paths;
    private readonly ProbedItems items;

    /// <param name="checkpoints">In the order of training.</param>
    /// <param name="paths">Of the layer's weights up to each.</param>
    /// <param name="items">What was probed.</param>
    public LayerMeasures(IReadOnlyList<LayerPoints> checkpoints, IReadOnlyList<WeightPath> paths, ProbedItems items)
    {
        this.checkpoints = checkpoints;
        this.paths = paths;
        this.items = items;
        Foreground = Counts((points, item) => points.Foreground(item, items));
        Background = Counts((points, item) => points.Background(item, items));
    }

    /// <summary>N_fg, <c>[checkpoints][items]</c>.</summary>
    public IReadOnlyList<int[]> Foreground { get; }

    /// <summary>N_bg, <c>[checkpoints][items]</c>.</summary>
    public IReadOnlyList<int[]> Background { get; }

    /// <summary>Items whose foreground has the lower mean entropy at each of the last checkpoints.</summary>
    public bool[] Effective(double share)
    {
        int last = Math.Max(1, (int)Math.Round(share * checkpoints.Count, MidpointRounding.AwayFromZero));
        return
        [
            .. Enumerable.Range(0, items.Foreground.Count)
                .Select(item => checkpoints.TakeLast(last).All(points => points.Contrast(item, items) < 0)),
        ];
    }

    /// <summary>λ at a checkpoint: N_fg / (N_fg + N_bg); 0 without any point.</summary>
    public double Ratio(int checkpoint, int item)
    {
        (int inside, int outside) = (Foreground[checkpoint][item], Background[checkpoint][item]);
        return inside + outside == 0 ? 0 : (double)inside / (inside + outside);
    }

    /// <summary>m̂: the first checkpoint at which an item has the most foreground points.</summary>
    public int Peak(int item)
    {
        int peak = 0;
        for (int k = 1; k < Foreground.Count; k++)
        {
            peak = Foreground[k][item] > Foreground[peak][item] ? k : peak;
        }

        return peak;
    }

    /// <summary>d: the length of the weights' path up to <see cref="Peak"/>, over the norm that they began with.</summary>
    public double Distance(int item) => paths[Peak(item)].Length / paths[0].InitialNorm;

    /// <summary>ρ: foreground points of the last checkpoint over all that there ever were; NaN where there was none.</summary>
    public double Stability(int item)
    {
        (int last, int ever) = (0, 0);
        for (int unit = 0; unit < items.Foreground[item].Length; unit++)
        {
            if (items.Foreground[item][unit] && checkpoints.Any(points => points.Points[item][unit]))
            {
                ever++;
                last += checkpoints[^1].Points[item][unit] ? 1 : 0;
            }
        }

        return (double)last / ever;
    }

    /// <summary>Foreground points that a checkpoint has and the one before has not, and the other way round.</summary>
    public (int Learned, int Forgotten) Change(int checkpoint, int item)
    {
        (int learned, int forgotten) = (0, 0);
        for (int unit = 0; unit < items.Foreground[item].Length; unit++)
        {
            if (items.Foreground[item][unit])
            {
                (bool before, bool now) = (checkpoints[checkpoint - 1].Points[item][unit], checkpoints[checkpoint].Points[item][unit]);
                learned += now && !before ? 1 : 0;
                forgotten += before && !now ? 1 : 0;
            }
        }

        return (learned, forgotten);
    }

    /// <summary>H̄ at a checkpoint.</summary>
    public double BackgroundMean(int checkpoint) => checkpoints[checkpoint].BackgroundMean;

    private List<int[]> Counts(Func<LayerPoints, int, int> count) =>
    [
        .. checkpoints.Select(points =>
            Enumerable.Range(0, items.Foreground.Count).Select(item => count(points, item)).ToArray()),
    ];
}
