using System.Runtime.InteropServices;
using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Models.Detection;

/// <summary>One box that a detector reports.</summary>
/// <param name="ClassId">In [0, classes): background is never reported.</param>
/// <param name="Score">Its probability, in [0, 1].</param>
/// <param name="Box">In pixels.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DetectedObject(int ClassId, double Score, BoundingBox Box);
