namespace KdKernels.Core.Tests;

/// <summary>The three entry points of the loss that a <see cref="PairRun"/> names.</summary>
internal readonly struct PairCall(PairRun run, RowsView student, RowsView teacher, RowsView? weights, RowsView? labels)
{
    private readonly TemperedKlSettings reverseKl = new(run.Temperature, run.Reduction)
    {
        TemperatureSquared = run.TemperatureSquared,
        ClassWeights = weights,
        Labels = labels,
    };

    private readonly JsdSettings jsd = new(run.Temperature, run.Beta, run.Reduction)
    {
        TemperatureSquared = run.TemperatureSquared,
        KlAtEnds = run.KlAtEnds,
        Labels = labels,
    };

    private readonly TotalVariationSettings totalVariation = new(run.Temperature, run.Reduction) { Labels = labels };

    private readonly DecoupledKdSettings decoupled =
        new(run.TargetWeight, run.OtherWeight, run.Temperature, run.Reduction)
        {
            TemperatureSquared = run.TemperatureSquared,
        };

    public void Forward(RowsView loss)
    {
        switch (run.Op)
        {
            case PairOp.ReverseKl: ReverseKl.Forward(student, teacher, reverseKl, loss); break;
            case PairOp.Jsd: Jsd.Forward(student, teacher, jsd, loss); break;
            case PairOp.TotalVariation: TotalVariation.Forward(student, teacher, totalVariation, loss); break;
            case PairOp.DecoupledKd: DecoupledKd.Forward(student, teacher, labels!.Value, decoupled, loss); break;
        }
    }

    public void ForwardWithGradient(RowsView loss, RowsView? ds, RowsView? dt)
    {
        switch (run.Op)
        {
            case PairOp.ReverseKl: ReverseKl.ForwardWithGradient(student, teacher, reverseKl, loss, ds, dt); break;
            case PairOp.Jsd: Jsd.ForwardWithGradient(student, teacher, jsd, loss, ds, dt); break;
            case PairOp.TotalVariation:
                TotalVariation.ForwardWithGradient(student, teacher, totalVariation, loss, ds, dt);
                break;
            case PairOp.DecoupledKd:
                DecoupledKd.ForwardWithGradient(student, teacher, labels!.Value, decoupled, loss, ds, dt);
                break;
        }
    }

    public void Backward(RowsView upstream, RowsView? ds, RowsView? dt)
    {
        switch (run.Op)
        {
            case PairOp.ReverseKl: ReverseKl.Backward(student, teacher, reverseKl, upstream, ds, dt); break;
            case PairOp.Jsd: Jsd.Backward(student, teacher, jsd, upstream, ds, dt); break;
            case PairOp.TotalVariation:
                TotalVariation.Backward(student, teacher, totalVariation, upstream, ds, dt);
                break;
            case PairOp.DecoupledKd:
                DecoupledKd.Backward(student, teacher, labels!.Value, decoupled, upstream, ds, dt);
                break;
        }
    }
}
