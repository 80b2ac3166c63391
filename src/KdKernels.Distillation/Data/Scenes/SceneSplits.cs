namespace KdKernels.Distillation.Data;

/// <summary>Scenes to train on and held-out scenes of the same classes.</summary>
public sealed record SceneSplits(SceneSet Train, SceneSet Test);
